import classes from '../frame/BottomPanel.module.css';
import { useThreads } from './useThreads';

export function OpenThreadCount() {
  const { threads } = useThreads();
  const count = threads.filter((thread) => !thread.is_resolved).length;
  return count === 0 ? null : <span className={classes.count}>{count}</span>;
}
