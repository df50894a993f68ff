#!/bin/bash
# Which of these sealed letters are really from this sender, as they were written?
# Prints one line a letter: FILE genuine, or FILE refused. Usage: judge.sh SENDER FILE...
#
# given/ holds: bob.key and bob.crt (the letters are sealed to Bob), ca.crt, and the letters
sender=$1

genuine() {
    # TODO: undo in reverse what a sender does. What opens? What verifies, and with whose certificate?
    false
}

for letter in "${@:2}"; do
    if genuine "$letter"; then echo "$letter genuine"; else echo "$letter refused"; fi
done
