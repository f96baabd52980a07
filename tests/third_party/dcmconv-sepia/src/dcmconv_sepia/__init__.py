"""The colormap sepia, for dcmconv."""

from dcmconv.hooks import hookimpl


@hookimpl
def dcmconv_colormaps():
    """Offer sepia."""
    return {"sepia": "dcmconv_sepia.colormap:Sepia"}
