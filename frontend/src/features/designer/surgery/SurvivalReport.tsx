import type { Fate, Survival } from '../state/surgery';
import { DESIGNER_IDS } from '../testids';
import classes from './Surgery.module.css';
import { survivalCondition, survivalNote } from './survivalWords';

const WORDS: Record<Fate, string> = {
  kept: 'kept',
  resized: 'made to fit',
  new: 'start anew',
  removed: 'left behind',
};

const LAYER_WORDS: Record<Fate, string> = { ...WORDS, new: 'starts anew' };

const count = (value: number): string => value.toLocaleString('en');

/** Neither all nor nothing where it is only nearly so. */
function shareText(share: number): string {
  if (share > 0 && share < 0.001) return '< 0.1 %';
  if (share < 1 && share > 0.999) return '> 99.9 %';
  return `${Math.round(share * 1000) / 10} %`;
}

interface SurvivalReportProps {
  survival: Survival;
  /** The other network whose weights these are; this network's own without it. */
  otherName?: string;
  /** There is another network whose weights a run can start from besides. */
  isMerge?: boolean;
}

/** Which weights survive: as a bar, in counts, and layer by layer where something happens. */
export function SurvivalReport({ survival, otherName, isMerge = false }: SurvivalReportProps) {
  const after = survival.kept + survival.resized + survival.new;
  const share = (value: number): string => shareText(value / Math.max(after, 1));
  const fates = (['kept', 'resized', 'new', 'removed'] as const).filter(
    (fate) => survival[fate] > 0,
  );
  const note = survivalNote(survival, otherName);
  const touched = survival.layers.filter(({ fate }) => fate !== 'kept');
  return (
    <section data-testid={otherName === undefined ? DESIGNER_IDS.surgerySurvival : DESIGNER_IDS.surgeryOtherSurvival}>
      <h3 className={classes.heading}>
        {otherName === undefined ? 'Weights that survive' : `Weights of ${otherName} that survive`}{' '}
        <span className={classes.dim}>{survivalCondition(otherName, isMerge)}</span>
      </h3>
      <div className={classes.bar} aria-hidden>
        {fates
          .filter((fate) => fate !== 'removed')
          .map((fate) => (
            <span key={fate} data-fate={fate} style={{ flexGrow: survival[fate] }} />
          ))}
      </div>
      <ul className={classes.legend}>
        {fates.map((fate) => (
          <li key={fate} data-testid={DESIGNER_IDS.surgeryFate(fate)}>
            <span className={classes.swatch} data-fate={fate} aria-hidden />
            <b>{count(survival[fate])}</b> {WORDS[fate]}
            {fate !== 'removed' && <span className={classes.dim}> {share(survival[fate])}</span>}
          </li>
        ))}
      </ul>
      {note !== '' && (
        <p className={survival.is_complete ? classes.help : classes.partial}>{note}</p>
      )}
      {touched.length > 0 && (
        <ul className={classes.list} tabIndex={0} aria-label="Layers whose weights change">
          {touched.map((layer) => (
            <li key={layer.path} className={classes.layer}>
              <span className={classes.swatch} data-fate={layer.fate} aria-hidden />
              <span className={classes.name}>{layer.name}</span>
              <span className={classes.number}>{count(layer.parameters)}</span>
              <span className={classes.dim}>
                {LAYER_WORDS[layer.fate]}
                {layer.text !== '' && `: ${layer.text}`}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
