"""Learning from outcomes: which leads sales accepts, which are won. Numbers in, numbers and text out.

Pure arithmetic on numpy arrays: no ORM, no clock, no files. ``table`` says what goes in, ``learning.learn`` makes a
model of it, ``document`` is the model as text, ``explaining`` takes one share apart. docs/prediction.md tells it in
words. Predicting with an additive model needs numpy only; scikit-learn and LightGBM are loaded where they are used.
"""
