"""Bad luck on purpose. `make faults` runs everything marked `faults`; `make test` a sample.

The measure is the same everywhere: what is shown is right within a minute, the run goes on, its
curves have no point doubled, lost or different, and its weights are those of a run left alone,
bit for bit on the CPU.

=============================================  ================================================
trainer killed in a step                       test_runs; netloom/train/test_resume
trainer killed while it saves                  test_processes
supervisor killed; its trainer goes with it    test_runs
supervisor killed between checkpoint and row   test_processes
supervisor frozen, wakes up late and writes    test_processes; api/training/test_queue
web process killed; page catches up            test_processes
web process killed in an upload                test_uploads
Redis killed with everything in it             test_runs
PostgreSQL killed, object store and two hosts  tests/topology
rank of several killed                         netloom/train/test_devices
all processes get SIGTERM, or SIGKILL          test_processes
launcher killed; Ctrl-C                        house/test_launcher
two workers, fifty messages, one run           test_processes; api/training/test_queue
clock jumps a day forth or back                test_clock; api/training/test_clock
database locked for 30 s                       test_database
disk full: run, checkpoint, upload, import     test_disk, netloom/train/test_bad_luck
memory exhausted in the trainer                test_memory, netloom/train/test_bad_luck
loss that is no number                         api/training/test_resuming
newest checkpoint damaged or gone              api/training/test_resuming
data file gone in the middle of an epoch       netloom/train/test_bad_luck
purge killed                                   test_jobs
import killed; explanation killed              test_jobs, house/test_jobs, house/test_warm_child
websocket cut every second; blocked            test_sockets
two tabs on one network                        e2e/test_designer_saving
stop acts within a second, leaves nothing      test_runs; api/training/test_runs
upgrade of an earlier release, its backup      test_upgrade
=============================================  ================================================
"""
