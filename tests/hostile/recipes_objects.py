"""Objects without pixels, some of which should have them; a video that is not one."""

from __future__ import annotations

from pydicom.uid import (
    BasicTextSRStorage,
    EncapsulatedPDFStorage,
    GrayscaleSoftcopyPresentationStateStorage,
    MediaStorageDirectoryStorage,
    MRImageStorage,
    RawDataStorage,
    RTStructureSetStorage,
    TwelveLeadECGWaveformStorage,
)
from support.dicom_files import as_bytes, encapsulated, instance, item, monochrome
from support.streams import SYNTAX

from hostile.base import BYTES, ramp


def without_pixels(sop_class: str, **attributes):
    def make() -> bytes:
        made = instance(sop_class)
        for keyword, value in attributes.items():
            setattr(made, keyword, value)
        return as_bytes(made)

    return make


def labeled_as(sop_class: str):
    """Return a recipe: pixels in an object whose SOP Class has none."""

    def make() -> bytes:
        made = ramp(SOPClassUID=sop_class)
        made.file_meta.MediaStorageSOPClassUID = sop_class
        return as_bytes(made)

    return make


def video() -> bytes:
    made = encapsulated(monochrome(BYTES), SYNTAX["jpeg"], [b"\0\0\0\x18ftypmp42" + b"\x37" * 500])
    made.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.102"
    return as_bytes(made)


RECIPES = {
    "report": without_pixels(BasicTextSRStorage),
    "pdf": without_pixels(
        EncapsulatedPDFStorage,
        EncapsulatedDocument=b"%PDF-1.4 \n",
        MIMETypeOfEncapsulatedDocument="application/pdf",
    ),
    "waveform": without_pixels(TwelveLeadECGWaveformStorage),
    "structure-set": without_pixels(RTStructureSetStorage),
    "raw-data": without_pixels(RawDataStorage),
    "presentation-state": without_pixels(GrayscaleSoftcopyPresentationStateStorage),
    "dicomdir": without_pixels(MediaStorageDirectoryStorage, DirectoryRecordSequence=[]),
    "image-without-pixels": without_pixels(MRImageStorage),
    "unknown-object-without-pixels": without_pixels("1.2.3.4.5"),
    "unknown-object-with-a-document": without_pixels("1.2.3.4.5", ContentSequence=[item()]),
    "report-with-pixels": labeled_as(BasicTextSRStorage),
    "video-garbage": video,
}
