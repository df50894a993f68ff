#!/bin/bash
# Which of these sealed letters are really from this sender, as they were written? Undo in reverse: open, then verify.
# Prints one line a letter: FILE genuine, or FILE refused. Usage: judge.sh SENDER FILE...
sender=$1

genuine() {
    openssl cms -decrypt -in "$1" -recip given/bob.crt -inkey given/bob.key -out opened &&
        openssl cms -verify -in opened -CAfile given/ca.crt -verify_email "$sender" -out /dev/null
}

for letter in "${@:2}"; do
    if genuine "$letter"; then echo "$letter genuine"; else echo "$letter refused"; fi
done
