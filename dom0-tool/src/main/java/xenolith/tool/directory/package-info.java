/// Where a running domain is found: a user's directory ([xenolith.tool.directory.RunBase]), and in it one for each
/// domain ([xenolith.tool.directory.RunDirectory]) with its sockets and its lock.
///
/// Who may call: those that run a domain, those that look for one, and switches, which find each other's ports there.
///
/// Locks: run directories come and go under a lock file, and within the process under the monitor of their class.
///
/// What the guest can do to us: nothing. The directory is closed to other users.
package xenolith.tool.directory;
