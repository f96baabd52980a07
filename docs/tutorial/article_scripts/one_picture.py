"""The article's single picture with dcmconv: min-max, bone, a figure with the UID as its title.

Usage: python one_picture.py DICOM_FILE JPG_FILE

Based on the script in 《初识DICOM以及pydicom的基础操作》 by Labyrinthine Leo (qq_38330148), 2020, CC BY-SA 4.0.
SPDX-License-Identifier: CC-BY-SA-4.0
"""

import sys

import dcmconv


def main(filename, jpgname):
    """Convert one file to a figure."""
    picture = dcmconv.convert(
        filename,
        normalize="minmax",
        colormap="bone",
        steps=[{"use": "figure", "width": 12, "height": 12, "dpi": 250}],
    )
    print(picture.pixels.shape)
    picture.save(jpgname)


if __name__ == "__main__":
    main(*sys.argv[1:])
