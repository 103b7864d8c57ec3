//! A small ptrace harness: runs a command, counts the system calls that change the disk, and kills the process at the
//! entry of the Nth (it isn't carried out) or at its exit (it is). No unsafe: `sh` stops itself to be seized.

use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::libc::{self, c_long, user_regs_struct};
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::support::{BINARY, Workspace};

/// Where a process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Death {
    /// The how-manieth matching system call, from 1.
    pub at: usize,
    /// At its exit instead of its entry.
    pub after: bool,
}

/// How a traced process ended.
#[derive(Debug, Default)]
pub struct Ended {
    /// Matching system calls that were begun.
    pub seen: usize,
    /// The exit code; none if it was killed.
    pub code: Option<i32>,
}

/// Runs the binary in a workspace until it ends or dies. All threads are followed.
///
/// Errors: what ptrace says where it isn't permitted.
#[expect(clippy::zombie_processes, reason = "the loop waits for it, as the tracer of all its threads")]
pub fn run(
    workspace: &Workspace,
    args: &[&str],
    matches: fn(&user_regs_struct) -> bool,
    death: Option<Death>,
) -> nix::Result<Ended> {
    let child = Command::new("/bin/sh")
        .args(["-c", "kill -STOP $$; exec \"$0\" \"$@\"", BINARY])
        .args(args)
        .current_dir(workspace.path())
        .env_clear()
        .env("HOME", workspace.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let leader = Pid::from_raw(i32::try_from(child.id()).unwrap());
    waitpid(leader, Some(WaitPidFlag::WUNTRACED))?;
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_EXITKILL;
    if let Err(error) = ptrace::seize(leader, options) {
        kill(leader, Signal::SIGKILL)?;
        waitpid(leader, None)?;
        return Err(error);
    }
    kill(leader, Signal::SIGCONT)?;
    let mut tracer = Tracer { leader, matches, death, started: false, dying: None, ended: Ended::default() };
    // Only children and tracees of this thread: other tests wait for theirs.
    let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
    loop {
        match waitpid(None, Some(flags)) {
            Ok(status) => tracer.step(status)?,
            Err(Errno::ECHILD) => return Ok(tracer.ended),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
}

struct Tracer {
    leader: Pid,
    matches: fn(&user_regs_struct) -> bool,
    death: Option<Death>,
    /// Whether `sh` has become the binary.
    started: bool,
    /// The thread whose system call is the last one.
    dying: Option<Pid>,
    ended: Ended,
}

impl Tracer {
    fn step(&mut self, status: WaitStatus) -> nix::Result<()> {
        match status {
            WaitStatus::PtraceSyscall(thread) => {
                if self.started {
                    self.system_call(thread)?;
                }
                resume(thread, None)
            }
            WaitStatus::PtraceEvent(thread, _, event) => {
                self.started |= event == libc::PTRACE_EVENT_EXEC;
                resume(thread, None)
            }
            WaitStatus::Stopped(thread, signal) => resume(thread, Some(signal)),
            WaitStatus::Exited(thread, code) if thread == self.leader => {
                self.ended.code = Some(code);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn system_call(&mut self, thread: Pid) -> nix::Result<()> {
        let registers = match ptrace::getregs(thread) {
            Err(Errno::ESRCH) => return Ok(()),
            other => other?,
        };
        // The kernel sets the result to ENOSYS before it carries a call out.
        let entry = registers.rax as i64 == -i64::from(libc::ENOSYS);
        if self.dying == Some(thread) {
            return kill(self.leader, Signal::SIGKILL);
        }
        if entry && (self.matches)(&registers) {
            self.ended.seen += 1;
            match self.death {
                Some(death) if death.at == self.ended.seen && death.after => self.dying = Some(thread),
                Some(death) if death.at == self.ended.seen => return kill(self.leader, Signal::SIGKILL),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Goes on to the next system call; a thread that died meanwhile is no error.
fn resume(thread: Pid, signal: Option<Signal>) -> nix::Result<()> {
    match ptrace::syscall(thread, signal) {
        Err(Errno::ESRCH) => Ok(()),
        other => other,
    }
}

/// System calls that change what is on the disk, or make it last.
pub fn changes_disk(registers: &user_regs_struct) -> bool {
    let makes = |flags: u64| flags & (libc::O_CREAT | libc::O_TRUNC) as u64 != 0;
    match registers.orig_rax as c_long {
        libc::SYS_openat => makes(registers.rdx),
        libc::SYS_open => makes(registers.rsi),
        // Not what is said on stdout and stderr.
        libc::SYS_write | libc::SYS_writev | libc::SYS_pwrite64 => registers.rdi > 2,
        libc::SYS_rename | libc::SYS_renameat | libc::SYS_renameat2 => true,
        libc::SYS_unlink | libc::SYS_unlinkat | libc::SYS_rmdir | libc::SYS_mkdir | libc::SYS_mkdirat => true,
        libc::SYS_fsync | libc::SYS_fdatasync | libc::SYS_ftruncate | libc::SYS_flock => true,
        _ => links(registers),
    }
}

/// Hard links: how our writer takes the lock of a ref.
pub fn links(registers: &user_regs_struct) -> bool {
    matches!(registers.orig_rax as c_long, libc::SYS_link | libc::SYS_linkat)
}
