import { BudgetBar } from '../analysis/Budgets';
import { costIn } from '../analysis/budgetShare';
import { formatPercent } from '@/lib';
import { lookup } from '../document/records';
import { useAnalysis } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import classes from './Properties.module.css';

/** What a layer takes of each budget that is set, and whether it is among those to cut. */
export function BudgetMarks({ path }: { path: string }) {
  const uses = useAnalysis((state) => state.analysis?.budgets);
  const node = useAnalysis((state) => lookup(state.nodes, path));
  const totals = useAnalysis((state) => state.analysis?.totals);
  if (uses === undefined || node === undefined || totals === undefined) return null;
  const marks = uses.flatMap((use) => {
    const part = costIn(use, node, totals);
    return part === null || part === 0 ? [] : [{ use, part }];
  });
  if (marks.length === 0) return null;
  return (
    <section className={classes.section} aria-label="Budgets" data-testid={DESIGNER_IDS.budgetMarks}>
      <h3 className={classes.heading}>Part of the budgets</h3>
      <dl className={classes.facts}>
        {marks.map(({ use, part }) => {
          const isOffender = use.offenders.includes(path);
          return [
            <dt key={use.budget} data-offender={isOffender || undefined}>
              {use.title.toLowerCase()}
              {isOffender && ', exceeded'}
            </dt>,
            <dd key={`${use.budget}-part`} data-offender={isOffender || undefined}>
              {formatPercent(part)}
            </dd>,
          ];
        })}
      </dl>
    </section>
  );
}

/** With nothing selected: every budget as a bar. */
export function NetworkBudgets() {
  const uses = useAnalysis((state) => state.analysis?.budgets);
  if (uses === undefined || uses.length === 0) return null;
  return (
    <section className={classes.section} aria-label="Budgets">
      <h3 className={classes.heading}>Budgets</h3>
      <div className={classes.bars}>
        {uses.map((use) => (
          <BudgetBar key={use.budget} use={use} />
        ))}
      </div>
    </section>
  );
}
