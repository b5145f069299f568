# In the guest: uses each disk that comes as /dev/xvdb, and says so when it has gone again.
insmod /xen-blkfront.ko
echo ready
cycle=0
while :; do
    while [ ! -b /dev/xvdb ]; do sleep 0.02; done
    dd if=/dev/xvdb of=/dev/null bs=64k 2>/dev/null || echo "trouble: read"
    dd if=/dev/zero of=/dev/xvdb bs=64k count=16 conv=fsync 2>/dev/null || echo "trouble: write"
    cycle=$((cycle + 1))
    echo "used $cycle"
    while [ -b /dev/xvdb ]; do sleep 0.02; done
    echo "gone $cycle"
done
