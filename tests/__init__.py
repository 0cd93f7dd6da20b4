"""Three rings: unit (pure, by the hundred), integration (one behaviour on a real database), acceptance (real processes, killed)."""
