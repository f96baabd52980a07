"""The Python front door: ``convert`` one input to a picture, or ``run`` a whole batch."""
