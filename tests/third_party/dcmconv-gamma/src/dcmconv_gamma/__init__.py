"""The normalizer gamma, for dcmconv."""

from dcmconv.hooks import hookimpl


@hookimpl
def dcmconv_normalizers():
    """Offer gamma."""
    return {"gamma": "dcmconv_gamma.normalizer:Gamma"}
