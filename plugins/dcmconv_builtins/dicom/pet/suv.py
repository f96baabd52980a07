"""Standardized uptake values of PET (PS3.3 C.8.9; QIBA's vendor-neutral pseudo-code).

SUV is the activity concentration divided by what it would be if the injected dose, decayed to the
same time, were spread evenly over the body.  The body is measured by weight, lean mass or surface.
"""

from __future__ import annotations

from dcmconv.plugin import InputError, Lut, Rescale
from dcmconv_builtins.dicom.file.elements import Elements
from dcmconv_builtins.dicom.file.notes import parse_errors
from dcmconv_builtins.dicom.objects.object_options import Values
from dcmconv_builtins.dicom.pet.decay import SUV_HINT, decayed_dose, get_positive, unusable

__all__ = ["SUV_UNITS", "body_surface_area", "lean_body_mass", "suv_transform"]

SUV_UNITS: dict[Values, str] = {
    "suvbw": "SUVbw",
    "suvlbm": "SUVlbm",
    "suvlbm-janma": "SUVlbm",
    "suvbsa": "SUVbsa",
}
"""The kinds of SUV, and how their unit is written."""

_TYPES = {"": "suvbw", "BW": "suvbw", "BSA": "suvbsa", "LBM": "suvlbm"} | {
    "LBMJAMES128": "suvlbm",
    "LBMJANMA": "suvlbm-janma",
}
"""SUV Type (0054,1006) of values in GML; if it is missing, PS3.3 C.8.9.1 says BW."""

_PHILIPS = "Philips PET Private Group"


def suv_transform(top: Elements, modality: Rescale | Lut, wanted: Values, units: str) -> Rescale:
    """Return the modality transform from stored values to SUV.

    Parameters
    ----------
    top : Elements
        The dataset.
    modality : Rescale or Lut
        From stored values to the unit of Units (0054,1001).
    wanted : str
        ``suvbw``, ``suvlbm`` (James), ``suvlbm-janma`` or ``suvbsa``.
    units : str
        BQML (activity by volume), CNTS (counts, with Philips' factor) or GML (SUV already).

    Raises
    ------
    InputError
        If an attribute that SUV needs is missing or unusable; the message names it.
    """
    if isinstance(modality, Lut):
        raise InputError(
            "the file has Modality LUT Sequence (0028,3000) instead of Rescale Slope (0028,1053), "
            "which SUV needs.",
            hint=SUV_HINT,
            reason="suv",
        )
    factor = _factor(top, wanted, units)
    return Rescale(modality.slope * factor, modality.intercept * factor)


def _factor(top: Elements, wanted: Values, units: str) -> float:
    if units == "BQML":
        return _per_activity(top, wanted)
    if units == "GML":
        return _from_suv(top, wanted)
    if units != "CNTS":
        found = f"is {units}" if units else "is missing"
        raise unusable("Units", f"{found}, expected BQML, CNTS or GML")
    # The SUV Factor turns counts into SUV by weight; another kind is a ratio of body measures.
    by_weight, activity = _philips_factors(top)
    if by_weight:
        return by_weight * _body(top, wanted) / _body(top, "suvbw")
    if activity:
        return activity * _per_activity(top, wanted)
    raise InputError(
        "Units (0054,1001) is CNTS, which needs Philips' SUV Factor (7053,1000) or Activity "
        "Concentration Factor (7053,1009); found neither.",
        hint=SUV_HINT,
        reason="suv",
    )


def _per_activity(top: Elements, wanted: Values) -> float:
    corrections = {word.upper() for word in top.texts("CorrectedImage")}
    is_corrected = "ATTN" in corrections or top.text("AttenuationCorrected").upper() == "YES"
    if not is_corrected:
        raise unusable("CorrectedImage", "does not include ATTN (attenuation correction)")
    return _body(top, wanted) / decayed_dose(top)


def _from_suv(top: Elements, wanted: Values) -> float:
    suv_type = top.text("SUVType").upper()
    if suv_type not in _TYPES:
        raise unusable("SUVType", f"is {suv_type[:16]!r}, expected BW, BSA or a kind of LBM")
    given = _TYPES[suv_type]
    if given == wanted:
        return 1.0
    if not suv_type:
        top.notes.add("SUV Type (0054,1006) is missing; assumed BW (body weight).")
    return _body(top, wanted) / _body(top, given)  # type: ignore[arg-type]


def _body(top: Elements, wanted: Values) -> float:
    """Return the measure of the body for a kind of SUV: grams, or square centimeters for BSA."""
    weight = get_positive(top, "PatientWeight")
    if wanted == "suvbw":
        # Grams, because activity is by ml, and SUV takes a ml of tissue as a gram.
        return weight * 1000.0
    height = get_positive(top, "PatientSize")
    if wanted == "suvbsa":
        return body_surface_area(weight, height) * 10_000.0
    sex = top.text("PatientSex").upper()
    if sex not in {"M", "F"}:
        raise unusable("PatientSex", "is neither M nor F, which lean body mass needs")
    formula = "janma" if wanted == "suvlbm-janma" else "james"
    return lean_body_mass(weight, height, sex, formula) * 1000.0


def body_surface_area(weight: float, height: float) -> float:
    """Return the body surface area in square meters (Du Bois); ``weight`` in kg, ``height`` in m.

    >>> round(body_surface_area(70.0, 1.75), 3)
    1.848
    """
    return float(0.007184 * weight**0.425 * (height * 100.0) ** 0.725)


def lean_body_mass(weight: float, height: float, sex: str, formula: str = "james") -> float:
    """Return the lean body mass in kg; ``weight`` in kg, ``height`` in m, ``sex`` M or F.

    ``james`` is the formula of LBMJAMES128 (with 128, not 120); ``janma`` that of Janmahasatian,
    which is also accurate for heavy people.

    >>> round(lean_body_mass(70.0, 1.75, "M"), 2)
    56.52
    """
    if formula == "james":
        ratio = weight / (height * 100.0)
        if sex == "M":
            return 1.10 * weight - 128.0 * ratio**2
        return 1.07 * weight - 148.0 * ratio**2
    # Body mass index.
    index = weight / height**2
    if sex == "M":
        return 9270.0 * weight / (6680.0 + 216.0 * index)
    return 9270.0 * weight / (8780.0 + 244.0 * index)


def _philips_factors(top: Elements) -> tuple[float, float]:
    """Return the SUV Factor and the Activity Concentration Factor; 0 for a missing one."""
    try:
        block = top.dataset.private_block(0x7053, _PHILIPS)
    except KeyError:
        return 0.0, 0.0
    factors = [0.0, 0.0]
    for index, offset in enumerate((0x00, 0x09)):
        try:
            factors[index] = float(block[offset].value)
        except parse_errors():
            continue  # Missing or not a number; the other one may be usable.
    return factors[0], factors[1]
