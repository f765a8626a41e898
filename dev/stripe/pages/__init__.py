"""The pages for customers: checkout, the portal, an invoice. They use plain HTML forms without external resources."""
