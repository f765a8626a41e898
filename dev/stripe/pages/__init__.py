"""What a person sees: checkout, the portal, an invoice. Forms and HTML, nothing from elsewhere."""
