#!/bin/sh
# Make a Debian 13 or 12 machine of its own ready for every lab, on its kernel. As root, as often as you like: what is done
# already is not done again. At the end it proves that the machine can run the labs.
#
#     provision.sh [--prepare]        --prepare: without the proof, for a machine that does not run yet (box/)
#     provision.sh --ryu              installs Ryu for Debian's Python and nothing else: for a computer that you work on
set -eu

here=$(dirname "$(readlink -f "$0")")
project=$(dirname "$here")
cache=/var/cache/mnlab
servers=$cache/servers # those that came with the packages
user=/etc/mnlab-user   # who started this machine
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

# install PACKAGE...: those of them that are not there yet.
install() {
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')
    missing=$(printf '%s\n' "$@" | grep -vxF "$installed" | paste -s -d' ')
    [ -n "$missing" ] || return 0
    say "installing $missing"
    apt-get update -q
    # shellcheck disable=SC2086  # a list of package names
    apt-get install -y -q --no-install-recommends $missing
}

packages() {
    # A server that is here before its package comes is somebody's.
    mkdir -p "$cache"
    for server in named nginx openvswitch-testcontroller vsftpd; do
        [ -e "/lib/systemd/system/$server.service" ] || echo "$server"
    done >>"$servers"
    # The right to capture shall belong to the group wireshark.
    getent group wireshark >/dev/null ||
        echo 'wireshark-common wireshark-common/install-setuid boolean true' | debconf-set-selections
    # The lists of the labs' own machine and of this one; a machine that runs has its kernel already.
    # shellcheck disable=SC2046  # a list of package names
    install $(sed -E '/^(#|$|linux-image)/d' "$project/src/mnlab/machine/recipe/packages.txt" "$here/packages.txt")
}

settings() {
    if getent passwd vagrant >/dev/null; then usermod --append --groups wireshark vagrant; fi
    # A lab starts its own servers, in its own network. The machine itself serves nothing but SSH; port 6653 is free for
    # the controller that mn starts.
    while read -r server; do
        [ -e "/lib/systemd/system/$server.service" ] || continue # Debian 13 starts no controller by itself
        systemctl disable --quiet "$server"
        if [ -d /run/systemd/system ]; then systemctl stop "$server"; fi
    done <"$servers"
    # Debian allows BIND its usual folders only, but a lab's zones lie in the lab's folder.
    profile=usr.sbin.named
    if [ -e /etc/apparmor.d/$profile ] && [ ! -e /etc/apparmor.d/disable/$profile ]; then
        mkdir -p /etc/apparmor.d/disable
        ln -s ../$profile /etc/apparmor.d/disable/
        if aa-enabled --quiet 2>/dev/null; then apparmor_parser --remove /etc/apparmor.d/$profile; fi
    fi
}

# A slow boot shall not end the switch that `sudo mn` uses: systemd gives up a daemon that takes too long, or fails too
# often, and what depended on it stays down even when it comes up after all.
patience() {
    for pair in ovsdb-server:ovs-vswitchd ovs-vswitchd:openvswitch-switch; do
        mkdir -p "/etc/systemd/system/${pair%:*}.service.d"
        put "/etc/systemd/system/${pair%:*}.service.d/mnlab.conf" <<END
[Unit]
StartLimitIntervalSec=0
Upholds=${pair#*:}.service
[Service]
TimeoutStartSec=30min
RestartSec=5
END
    done
}

# Start the switch's daemons, if one is down, and see whether they work.
switch() {
    [ -d /run/systemd/system ] || return 0
    systemctl daemon-reload
    systemctl reset-failed ovsdb-server ovs-vswitchd openvswitch-switch 2>/dev/null || true
    timeout 1800 systemctl start ovsdb-server ovs-vswitchd openvswitch-switch ||
        fail "Open vSwitch does not start: sudo systemctl status ovsdb-server ovs-vswitchd"
    sh "$project/src/mnlab/machine/try_switch.sh" 120 ||
        fail "sudo mn would not work: sudo systemctl restart openvswitch-switch, then vagrant provision"
}

ryu() {
    wheels=$(mktemp -d)
    PYTHONPATH=$project/src /usr/bin/python3 -B "$here/ryu.py" "$wheels/built"
    rm -rf "$wheels"
}

commands() {
    for name in ryu-manager ryu; do ln -sfn "$project/controller/ryu-manager" /usr/local/bin/$name; done
    if [ -n "${MNLAB_USER-}" ]; then printf '%s\n' "$MNLAB_USER" | put "$user"; fi
    put /usr/local/bin/mnlab <<END
#!/bin/sh
# mnlab, on this machine's own kernel unless --on says otherwise, and as root where that takes root.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin # and no program of the current folder
export MNLAB_ON="\${MNLAB_ON:-host}" MNLAB_CACHE=$cache
export MNLAB_USER="\${MNLAB_USER:-\$(cat $user 2>/dev/null)}" # chooses the variant of \`mnlab start\`
case \${1-} in
run | check | verify | shell | exec | doctor | machine | bench | test)
    [ "\$(id -u)" -eq 0 ] || exec sudo --preserve-env=MNLAB_ON,MNLAB_CACHE,MNLAB_USER $project/mnlab "\$@"
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

main() {
    [ "$(id -u)" -eq 0 ] || fail "provisioning needs root: sudo $0 $*"
    case ${1-} in
    '' | --prepare) ;;
    --ryu)
        install python3-pip
        ryu
        say "Ryu is ready"
        return
        ;;
    *) fail "there is no option $1" ;;
    esac
    packages
    settings
    patience
    ryu
    commands
    if [ "${1-}" != --prepare ]; then
        switch
        mnlab doctor --on host || fail "this machine cannot run every lab; see above"
    fi
    say "ready: mnlab list, mnlab run arp"
}

main "$@"
