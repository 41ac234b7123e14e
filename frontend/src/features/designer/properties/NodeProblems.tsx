import { ProblemLine } from '../analysis/ProblemLine';
import { useAnalysis } from '../state/DesignerContext';
import { problemsOf } from '../state/liveAnalysis';
import classes from './Properties.module.css';

export function NodeProblems({ nodeId }: { nodeId: string }) {
  const problems = useAnalysis((state) => problemsOf(state, nodeId));
  if (problems.length === 0) return null;
  return (
    <section className={classes.section} aria-label="Problems">
      {problems.map((problem) => (
        <ProblemLine key={problem.code + problem.message} problem={problem} />
      ))}
    </section>
  );
}
