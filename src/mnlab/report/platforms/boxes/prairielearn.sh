#!/bin/sh
# PrairieLearn's entrypoint ("External Grading"): what is handed in lies in /grade/student.
mkdir -p /grade/results
[ -x /opt/mnlab/bin/mnlab ] || export MNLAB_HOME=/tmp
sh "$(dirname -- "$0")/mnlab.sh" grade /grade/student prairielearn /grade/results/results.json
