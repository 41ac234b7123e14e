import { memo } from 'react';
import type { NodeActivation } from '@/api';
import { IconAlertTriangle } from '@tabler/icons-react';
import { lookup } from '../document/records';
import { usePreview } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import { Bars } from './Bars';
import { FoundBoxes } from './FoundBoxes';
import classes from './Preview.module.css';
import { highestOf, isWarning, pictureLabel } from './words';

/** Below a card's body: what its layer gives for the sample, small. */
export function PreviewOnCard({ path }: { path: string }) {
  const isOn = usePreview((state) => state.isOn);
  const activation = usePreview((state) => lookup(state.nodes, path));
  if (!isOn) return null;
  return (
    <div className={classes.strip} data-previewed data-testid={DESIGNER_IDS.previewOnCard}>
      {activation === undefined ? (
        <span className={classes.nothing} />
      ) : (
        <Small activation={activation} />
      )}
    </div>
  );
}

const Small = memo(function Small({ activation }: { activation: NodeActivation }) {
  const [output] = activation.outputs;
  const warning = activation.notes.find(isWarning);
  if (output === undefined) return null;
  const { picture } = output;
  if (picture?.kind === 'boxes') return <FoundBoxes picture={picture} isSmall />;
  return (
    <>
      {picture?.url != null && (
        <img
          className={classes.picture}
          data-kind={picture.kind}
          src={picture.url}
          alt={pictureLabel(picture)}
          draggable={false}
        />
      )}
      {picture?.values != null ? (
        <Bars values={picture.values} label={pictureLabel(picture)} marked={highestOf(picture)} />
      ) : (
        <Bars values={output.histogram} label="Histogram of the values" />
      )}
      {warning !== undefined && (
        <span className={classes.warning} title={warning}>
          <IconAlertTriangle size={13} aria-label={warning} />
        </span>
      )}
    </>
  );
});
