"""One deed on many records: which ones, what may be done with them, what became of it, and how it is taken back."""
