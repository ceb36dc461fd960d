"""What messages say: templates as data in two languages, and the pure renderer that makes them fit."""
