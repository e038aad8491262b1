"""The lists of the product: what each shows, what it can be asked, and how an address asks it."""
