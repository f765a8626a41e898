"""The pages for customers: checkout, the portal, an invoice. They are forms and HTML without external resources."""
