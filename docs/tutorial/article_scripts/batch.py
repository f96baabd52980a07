"""The article's batch with dcmconv: convert a folder to JPG figures and print the elapsed time.

Usage: python batch.py DICOM_FOLDER JPG_FOLDER

Based on the script in 《初识DICOM以及pydicom的基础操作》 by Labyrinthine Leo (qq_38330148), 2020, CC BY-SA 4.0.
SPDX-License-Identifier: CC-BY-SA-4.0
"""

import sys
import time

import dcmconv


def main(dicom_dir, jpg_dir):
    """Convert the folder, and print each failure with its reason."""
    begin_time = time.time()
    run = dcmconv.run(
        dicom_dir,
        jpg_dir,
        chain="preset:article-batch",  # min-max, bone, a figure with the UID as its title, jpg
        workers=5,
        tag_table=f"{jpg_dir}/tags.csv",
        tags=["PatientID", "PatientName", "PatientBirthDate", "StudyDate"],
    )
    for outcome in run:
        if outcome.status == "failed":
            print(f"{outcome.input}: {outcome.message}")
    print(f"{run.summary.pictures} pictures, {time.time() - begin_time:.4f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
