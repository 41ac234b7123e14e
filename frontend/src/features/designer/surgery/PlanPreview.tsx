import { IconAlertTriangle, IconCircleX, IconCircleCheck, IconInfoCircle } from '@tabler/icons-react';
import type { Change, SurgeryPlan } from '../state/surgery';
import { DESIGNER_IDS } from '../testids';
import classes from './Surgery.module.css';
import { SurvivalReport } from './SurvivalReport';

interface PlanPreviewProps {
  plan: SurgeryPlan;
  /** The choice changed, and the plan for it is being made. */
  isOld: boolean;
}

/** Before the act: what survives, what changes, and what would be wrong afterwards. */
export function PlanPreview({ plan, isOld }: PlanPreviewProps) {
  if (plan.refusal !== '') {
    return (
      <p className={classes.refusal} role="status" data-testid={DESIGNER_IDS.surgeryRefusal}>
        <IconInfoCircle size={16} aria-hidden /> {plan.refusal}
      </p>
    );
  }
  return (
    <div className={classes.preview} data-old={isOld || undefined} aria-busy={isOld}>
      <ul className={classes.notes}>
        {plan.solved > 0 && (
          <li data-kind="good">
            <IconCircleCheck size={15} aria-hidden />
            {plan.solved === 1 ? 'One problem is solved.' : `${plan.solved} problems are solved.`}
          </li>
        )}
        {plan.warnings.map((text) => (
          <li key={text} data-kind="warning">
            <IconAlertTriangle size={15} aria-hidden />
            {text}
          </li>
        ))}
        {plan.problems.map((text) => (
          <li key={text} data-kind="error">
            <IconCircleX size={15} aria-hidden />
            <span>
              <b>Afterwards:</b> {text}
            </span>
          </li>
        ))}
      </ul>
      {plan.survival !== null && (
        <SurvivalReport survival={plan.survival} isMerge={plan.other_survival !== null} />
      )}
      {plan.other_survival !== null && (
        <SurvivalReport survival={plan.other_survival} otherName={plan.other_name} />
      )}
      <ChangeList changes={plan.changes} />
    </div>
  );
}

const SIGNS: Record<Change['kind'], string> = { added: '+', removed: '−', changed: '~' };

function ChangeList({ changes }: { changes: readonly Change[] }) {
  if (changes.length === 0) return null;
  const counts = (['added', 'removed', 'changed'] as const).flatMap((kind) => {
    const count = changes.filter((change) => change.kind === kind).length;
    return count === 0 ? [] : `${count} ${kind}`;
  });
  return (
    <section>
      <h3 className={classes.heading}>
        What changes <span className={classes.dim}>{counts.join(', ')}</span>
      </h3>
      <ul className={classes.list} tabIndex={0} aria-label="What changes">
        {changes.map((change) => (
          <li key={change.node_id} className={classes.change}>
            <span className={classes.sign} data-kind={change.kind} aria-label={change.kind}>
              {SIGNS[change.kind]}
            </span>
            <span className={classes.name}>{change.name}</span>
            <span className={classes.type}>{change.type}</span>
            <span className={classes.dim}>{change.text}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
