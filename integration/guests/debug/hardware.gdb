# What needs the processor's debug registers.
set pagination off
set width 0
set debuginfod enabled off
set startup-with-shell off
directory /debug
break outer
run
delete
watch watched
continue
print watched
print x
continue
print watched
print x
delete
awatch rounds
continue
delete
hbreak report
continue
backtrace
delete
continue
