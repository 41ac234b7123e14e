import type { TransferPlan } from '@/api';
import { SurvivalReport } from '../surgery/SurvivalReport';
import { PythonLines } from './PythonLines';
import classes from './Transfer.module.css';

/** What would survive, start new and be frozen, or why nothing can be done. */
export function PlanView({ plan, isOld }: { plan: TransferPlan; isOld: boolean }) {
  if (plan.refusal !== '') {
    return (
      <p className={classes.refusal} role="alert">
        {plan.refusal}
      </p>
    );
  }
  return (
    <div className={classes.plan} data-old={isOld || undefined}>
      {plan.survival != null && <SurvivalReport survival={plan.survival} />}
      <p className={classes.facts}>
        {plan.num_classes} classes. Weights of {plan.weights}.{' '}
        {plan.frozen.length > 0 ? `Frozen: ${plan.frozen.join(', ')}.` : 'Nothing is frozen.'}{' '}
        {plan.run?.unfreeze_every_epochs != null &&
          `One more group learns every ${plan.run.unfreeze_every_epochs} epochs.`}{' '}
        {plan.warnings.join(' ')}
      </p>
      <PythonLines text={plan.python} />
    </div>
  );
}
