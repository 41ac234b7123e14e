import { useAnalysis } from '../state/DesignerContext';
import classes from './Analysis.module.css';
import { ProblemLine } from './ProblemLine';

/** Every problem of the network, errors first. */
export function ProblemsList() {
  const problems = useAnalysis((state) => state.analysis?.diagnostics);
  const isTruncated = useAnalysis((state) => state.analysis?.is_truncated ?? false);
  if (problems === undefined) return <p className={classes.clean}>Not analysed yet.</p>;
  if (problems.length === 0) return <p className={classes.clean}>No problems found.</p>;
  const rank = { error: 0, warning: 1, info: 2 };
  const sorted = [...problems].sort((a, b) => rank[a.severity] - rank[b.severity]);
  return (
    <div className={classes.list}>
      {sorted.map((problem, index) => (
        <ProblemLine key={index} problem={problem} isLinked />
      ))}
      {isTruncated && (
        <p className={classes.more}>
          There are more than these {problems.length}. Repair some, and the rest are told.
        </p>
      )}
    </div>
  );
}
