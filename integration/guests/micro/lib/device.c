/* The frontend's half of the handshake (xen/io/xenbus.h). */
#include "front.h"

#define PATIENCE_MS 5000

const char *device_node(const struct device *device, const char *name)
{
    static char path[256];
    const char *whole = path_of(path_of(path_of("device", device->kind), device->number), name);
    memcpy(path, whole, sizeof path);
    return path;
}

int device_state(const struct device *device, enum xenbus_state state)
{
    return store_write_number(device_node(device, "state"), state);
}

const char *device_backend(const struct device *device, const char *name)
{
    const char *directory = path_of(path_of("/local/domain/0/backend", device->kind), "1");
    return store_read(path_of(path_of(directory, device->number), name));
}

bool device_awaits(const struct device *device, enum xenbus_state state)
{
    for (unsigned ms = 0; ms < PATIENCE_MS; ms++) {
        const char *now = device_backend(device, "state");
        if (now != NULL && now[0] == '0' + (char)state && now[1] == 0) {
            return true;
        }
        pause_ms(1);
    }
    return false;
}

bool device_offered(const struct device *device)
{
    device_state(device, XenbusStateInitialising);
    return device_awaits(device, XenbusStateInitWait);
}

bool device_connected(const struct device *device)
{
    device_state(device, XenbusStateInitialised);
    if (!device_awaits(device, XenbusStateConnected)) {
        return false;
    }
    device_state(device, XenbusStateConnected);
    return true;
}
