"""Pages of the catalogue that change it: services, where they run, what they need; teams and who belongs to them."""
