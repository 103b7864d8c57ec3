"""${{ values.component }}; the README says what it is for and how it is set up."""
