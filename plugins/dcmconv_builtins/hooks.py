"""The table of contents: every built-in, offered through the same hooks as any plugin."""

from __future__ import annotations

from typing import Any

from dcmconv.hooks import Offer, Refs, hookimpl

HERE = "dcmconv_builtins"


@hookimpl
def dcmconv_readers() -> Refs:
    """Offer the reader of DICOM files."""
    return {"dicom": f"{HERE}.readers.dicom:DicomReader"}


@hookimpl
def dcmconv_normalizers() -> Refs:
    """Offer the ways from modality values to display values."""
    return {
        "auto": f"{HERE}.normalizers.auto:Auto",
        "minmax": f"{HERE}.normalizers.minmax:MinMax",
        "none": f"{HERE}.normalizers.none:Unscaled",
        "overlay": f"{HERE}.normalizers.overlay:Overlay",
        "percentile": f"{HERE}.normalizers.percentile:Percentile",
        "voi": f"{HERE}.normalizers.voi:Voi",
        "window": f"{HERE}.normalizers.window:Window",
    }


@hookimpl
def dcmconv_colormaps() -> Refs:
    """Offer common colormaps, the palettes of the standard, and color tables from files."""
    polyline, dicom = f"{HERE}.colormaps.polylines", f"{HERE}.colormaps.dicom_palettes"
    return {
        "gray": f"{polyline}:Gray",
        "bone": f"{polyline}:Bone",
        "hot": f"{polyline}:Hot",
        "jet": f"{polyline}:Jet",
        "viridis": f"{HERE}.colormaps.viridis:Viridis",
        "hot-iron": f"{dicom}:HotIron",
        "pet": f"{dicom}:Pet",
        "hot-metal-blue": f"{dicom}:HotMetalBlue",
        "pet-20-step": f"{dicom}:Pet20Step",
        "spring": f"{dicom}:Spring",
        "summer": f"{dicom}:Summer",
        "fall": f"{dicom}:Fall",
        "winter": f"{dicom}:Winter",
        "file": f"{HERE}.colormaps.from_file:FromFile",
    }


@hookimpl
def dcmconv_steps() -> Refs:
    """Offer geometry, and drawing on pictures."""
    return {
        "colorbar": f"{HERE}.steps.colorbar:Colorbar",
        "crop": f"{HERE}.steps.crop:Crop",
        "figure": f"{HERE}.steps.figure:Figure",
        "flip": f"{HERE}.steps.flip:Flip",
        "resize": f"{HERE}.steps.resize:Resize",
        "rotate": f"{HERE}.steps.rotate:Rotate",
        "title": f"{HERE}.steps.title:Title",
    }


@hookimpl
def dcmconv_writers() -> Refs:
    """Offer ordinary pictures, and the legend of labels."""
    return {
        "jpg": f"{HERE}.writers.jpg:Jpg",
        "legend": f"{HERE}.writers.legend:Legend",
        "png": f"{HERE}.writers.png:Png",
    }


@hookimpl
def dcmconv_decoders() -> Refs:
    """Offer the pinned decoders of encapsulated still images."""
    decoders = f"{HERE}.dicom.decoders"
    return {
        "deflate": f"{decoders}.deflated:Deflate",
        "jpeg": f"{decoders}.jpeg:Jpeg",
        "jpeg-2000": f"{decoders}.jpeg2000:Jpeg2000",
        "jpeg-ls": f"{decoders}.jpeg_ls:JpegLs",
        "jpeg-xl": f"{decoders}.jpeg_xl:JpegXl",
        "rle": f"{decoders}.rle:Rle",
        "uncompressed": f"{decoders}.native:Uncompressed",
    }


@hookimpl
def dcmconv_sources() -> Refs:
    """Offer files and folders, and standard input."""
    return {
        "folder": f"{HERE}.sources.folder:Folder",
        "stdin": f"{HERE}.sources.standard_input:StandardInput",
    }


@hookimpl
def dcmconv_executors() -> Refs:
    """Offer this process, or a pool of worker processes."""
    return {
        "inline": Offer(f"{HERE}.executors.inline:Inline", default_for="few"),
        "processes": Offer(f"{HERE}.executors.processes:Processes", default_for="many"),
    }


@hookimpl
def dcmconv_presets() -> Refs:
    """Offer ready-made chains."""
    summaries = {
        "article": "The picture of the article: min-max, colormap bone, figure of 12 x 12 inches.",
        "article-batch": "The batch of the article: the same picture in a figure of 12 x 6 inches.",
        "chest-ct": "Chest CT as three PNGs: lung, mediastinum and bone windows.",
        "ml-8bit": "Training data: 8-bit PNG of 512 x 512 pixels; CT on a fixed scale.",
        "ml-16bit": "Training data: 16-bit PNG at full size; CT on a fixed scale.",
        "pet-suv": "PET as SUV by body weight, white at 0 and black at 10.",
        "rtdose": "RT Dose in Gy: each plane in jet, with a color bar.",
    }
    return {
        name: Offer(f"{HERE}:presets/{name}.yaml", summary) for name, summary in summaries.items()
    }


@hookimpl
def dcmconv_commands() -> Refs:
    """Offer what ``dcmconv`` can do besides converting."""
    return {
        "doctor": Offer(
            f"{HERE}.commands.doctor:Doctor",
            "Show versions, decoders per Transfer Syntax, and plugin problems.",
        ),
        "info": Offer(
            f"{HERE}.commands.info:Info",
            "Show the tags of files and whether they decode, or sum up folders.",
        ),
        "samples": Offer(
            f"{HERE}.commands.samples:Samples",
            "Copy real DICOM files of several modalities to try.",
        ),
    }


@hookimpl
def dcmconv_image(picture: Any, library: str) -> Any:
    """Return a picture as a ``PIL.Image`` of mode L, P, I;16, RGB or RGBA, with its ICC profile."""
    if library != "pillow":
        return None
    from PIL import Image

    image = Image.fromarray(picture.pixels)
    if picture.palette is not None:
        image.putpalette(picture.palette.tobytes())
    if picture.icc_profile:
        image.info["icc_profile"] = picture.icc_profile
    return image
