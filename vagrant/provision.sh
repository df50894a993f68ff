#!/bin/sh
# Make a Debian 12 machine ready for every lab, on its own kernel. As root, as often as you like: what is done already
# is not done again. At the end it proves that the machine can run the labs.
#
#     provision.sh [--prepare]        --prepare: without the proof, for a machine that does not run yet (box/)
set -eu

here=$(dirname "$(readlink -f "$0")")
project=$(dirname "$here")
cache=/var/cache/mnlab
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

say() { printf 'mnlab: %s\n' "$*"; }

fail() {
    say "$*" >&2
    exit 1
}

# put FILE: make FILE from standard input, if that is not what it holds.
put() {
    new=$(cat)
    [ "$(cat "$1" 2>/dev/null)" = "$new" ] || printf '%s\n' "$new" >"$1"
}

packages() {
    # The lists of the labs' own machine and of this one; a machine that runs has its kernel already.
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')
    missing=$(sed -E '/^(#|$|linux-image)/d' "$project/src/mnlab/machine/recipe/packages.txt" "$here/packages.txt" |
        grep -vxF "$installed" | paste -s -d' ')
    if [ -n "$missing" ]; then
        say "installing $missing"
        # The right to capture shall belong to the group wireshark.
        echo 'wireshark-common wireshark-common/install-setuid boolean true' | debconf-set-selections
        apt-get update -q
        # shellcheck disable=SC2086  # a list of package names
        apt-get install -y -q --no-install-recommends $missing
    fi
}

settings() {
    if getent passwd vagrant >/dev/null; then usermod --append --groups wireshark vagrant; fi
    # A lab starts its own servers, in its own network. The machine itself serves nothing but SSH; port 6653 is free for
    # the controller that mn starts.
    servers="named nginx openvswitch-testcontroller vsftpd"
    # shellcheck disable=SC2086  # a list of names
    systemctl disable --quiet $servers
    # shellcheck disable=SC2086
    if [ -d /run/systemd/system ]; then systemctl stop $servers; fi
    # Debian allows BIND its usual folders only, but a lab's zones lie in the lab's folder.
    profile=usr.sbin.named
    if [ -e /etc/apparmor.d/$profile ] && [ ! -e /etc/apparmor.d/disable/$profile ]; then
        mkdir -p /etc/apparmor.d/disable
        ln -s ../$profile /etc/apparmor.d/disable/
        if aa-enabled --quiet 2>/dev/null; then apparmor_parser --remove /etc/apparmor.d/$profile; fi
    fi
}

ryu() {
    wheels=$(mktemp -d)
    PYTHONPATH=$project/src /usr/bin/python3 -B "$here/ryu.py" "$wheels/built"
    rm -rf "$wheels"
    ln -sfn "$project/controller/ryu-manager" /usr/local/bin/ryu-manager
}

commands() {
    put /usr/local/bin/mnlab <<END
#!/bin/sh
# mnlab, on this machine's own kernel unless --on says otherwise, and as root where that takes root.
export MNLAB_ON="\${MNLAB_ON:-host}" MNLAB_CACHE=$cache
case \${1-} in
run | check | verify | shell | exec | doctor | machine | bench | test)
    [ "\$(id -u)" -eq 0 ] || exec sudo --preserve-env=MNLAB_ON,MNLAB_CACHE $project/mnlab "\$@"
    ;;
esac
exec $project/mnlab "\$@"
END
    chmod 755 /usr/local/bin/mnlab
    put /etc/profile.d/mnlab.sh <<END
# You log in where the labs are, so that runs/ and work/ are in the folder shared with your computer.
if [ "\$PWD" = "\$HOME" ]; then cd $project; fi
END
    MNLAB_CACHE=$cache "$project/mnlab" --help >/dev/null # sets up its Python environment
}

[ "$(id -u)" -eq 0 ] || fail "provisioning needs root: sudo $0"
case ${1-} in '' | --prepare) ;; *) fail "there is no option $1" ;; esac
packages
settings
ryu
commands
if [ "${1-}" != --prepare ]; then
    mnlab doctor --on host || fail "this machine cannot run every lab; see above"
fi
say "ready: mnlab list, mnlab run arp"
