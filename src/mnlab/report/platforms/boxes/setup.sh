#!/bin/sh
# Gradescope runs this as root, once, when the autograder is built ("Autograder Specifications").
set -eu
MNLAB_HOME=/opt sh /autograder/source/mnlab.sh unpack
rm -f /autograder/source/mnlab.tar.gz
