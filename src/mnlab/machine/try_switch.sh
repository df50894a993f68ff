#!/bin/sh
# Whether this computer's own Open vSwitch works, the one that `sudo mn` uses: a switch is made, a ping goes through it,
# all is removed. As root. Says what is wrong, with status 1; no step takes longer than $1 seconds.
limit=${1:-30}
bridge=mnlab-try
hosts=
# shellcheck disable=SC2086,SC2317  # numbers of processes; reached by the trap
clean() {
    [ -z "$hosts" ] || kill $hosts
    timeout "$limit" ovs-vsctl --if-exists del-br $bridge >/dev/null 2>&1
}
trap clean EXIT

fail() {
    echo "Open vSwitch: $1"
    exit 1
}

for program in ovs-vsctl ip unshare nsenter ping; do
    command -v $program >/dev/null || fail "there is no $program"
done
timeout "$limit" ovs-vsctl --no-wait show >/dev/null 2>&1 || fail "its database does not answer (ovsdb-server)"
timeout "$limit" ovs-vsctl --may-exist add-br $bridge >/dev/null 2>&1 ||
    fail "no switch can be made within $limit s (ovs-vswitchd)"
here=$(readlink /proc/self/ns/net)
for number in 1 2; do
    unshare --net sleep infinity &
    host=$!
    hosts="$hosts $host"
    until [ "$(readlink "/proc/$host/ns/net")" != "$here" ]; do sleep 0.05; done
    ip link add mnlab-try$number type veth peer name eth0 netns "$host" || fail "no link can be made"
    ip link set mnlab-try$number up
    nsenter --target "$host" --net sh -c "ip address add 192.0.2.$number/24 dev eth0 && ip link set eth0 up"
    timeout "$limit" ovs-vsctl add-port $bridge mnlab-try$number || fail "no port can be added"
done
nsenter --target "$host" --net ping -q -c 1 -w "$limit" 192.0.2.1 >/dev/null || fail "a switch forwards nothing"
