# A session as a person would have it.
set pagination off
set width 0
set debuginfod enabled off
set startup-with-shell off
directory /debug
break outer
run
backtrace
next
print x
print rounds
# One instruction.
print $pc
stepi
print $pc
delete
break inner
continue
backtrace
finish
delete
# Without debug registers: gdb goes on step by step and looks at the variable after each.
set can-use-hw-watchpoints 0
watch watched
continue
print watched
print x
delete
continue
