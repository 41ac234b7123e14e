import { ProblemLine } from '../analysis/ProblemLine';
import { useProblems, useProblemsInside } from '../state/useProblems';
import classes from './Properties.module.css';

interface NodeProblemsProps {
  nodeId: string;
  blockId: string | null;
}

/** What is wrong with a layer, and with what is inside when it is a block. */
export function NodeProblems({ nodeId, blockId }: NodeProblemsProps) {
  const problems = useProblems(nodeId);
  const inside = useProblemsInside(nodeId, blockId);
  if (problems.length + inside.length === 0) return null;
  return (
    <section className={classes.section} aria-label="Problems">
      {problems.map((problem) => (
        <ProblemLine key={problem.code + problem.message} problem={problem} />
      ))}
      {inside.map((problem, index) => (
        <ProblemLine key={index} problem={problem} isLinked />
      ))}
    </section>
  );
}
