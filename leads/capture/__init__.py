"""Capture: what strangers send through a form is kept first, and made into leads after.

`traps` tells people from bots, `receiving` keeps what came, `answers` reads it, `processing` makes leads of it, `forms`
holds what marketers do with their forms.
"""
