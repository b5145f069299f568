# In the guest: uses the disk that comes as /dev/xvdb and the interface that comes as eth1, says so when they have gone
# again, and then unloads and loads both drivers. A stock kernel does not unload the driver of a device that it is bound
# to: that of disks has none then; that of interfaces lets go of eth0 first, for which it takes 5 seconds.
load() {
    insmod /xen-blkfront.ko && insmod /xen-netfront.ko || trouble "insmod"
    while [ ! -e /sys/class/net/eth0 ]; do sleep 0.02; done
    interface eth0 10.9.0
}

unload() {
    echo vif-0 >/sys/bus/xen/drivers/vif/unbind || trouble "unbind"
    rmmod xen-blkfront && rmmod xen-netfront || trouble "rmmod"
}

trouble() {
    echo "trouble: $*"
}

interface() {
    ip addr add "$2.2/24" dev "$1" && ip link set "$1" up || trouble "$1"
    tries=0
    until ping -c 1 -W 1 -I "$1" "$2.1" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 20 ] || { trouble "no answer through $1"; break; }
    done
}

load
echo ready
cycle=0
while :; do
    while [ ! -b /dev/xvdb ] || [ ! -e /sys/class/net/eth1 ]; do sleep 0.02; done
    dd if=/dev/xvdb of=/dev/null bs=64k 2>/dev/null || trouble "read"
    dd if=/dev/zero of=/dev/xvdb bs=64k count=16 conv=fsync 2>/dev/null || trouble "write"
    interface eth1 10.9.1
    cycle=$((cycle + 1))
    echo "used $cycle"
    while [ -b /dev/xvdb ] || [ -e /sys/class/net/eth1 ]; do sleep 0.02; done
    unload
    load
    echo "gone $cycle"
done
