import { IconAlertTriangle } from '@tabler/icons-react';
import type { ExportFormat } from '@/api';
import { TESTIDS, plural } from '@/lib';
import classes from './Exports.module.css';
import { endingsText } from './words';

interface FormatCardsProps {
  formats: readonly ExportFormat[];
  value: string;
  onChange: (name: string) => void;
}

/** One card a format: what it is good for, and whether it and this network go together here. */
export function FormatCards({ formats, value, onChange }: FormatCardsProps) {
  return (
    <fieldset className={classes.cards} aria-label="Format">
      {formats.map((format) => (
        <label
          key={format.name}
          className={classes.card}
          data-lacking={format.lacking !== '' || undefined}
          data-testid={TESTIDS.exports.format(format.name)}
        >
          <input
            type="radio"
            name="export-format"
            className="visually-hidden"
            value={format.name}
            checked={format.name === value}
            data-autofocus={format.name === value || undefined}
            disabled={format.lacking !== ''}
            onChange={() => onChange(format.name)}
          />
          <span className={classes.title}>
            {format.title} <small className="mono">{endingsText(format.endings)}</small>
          </span>
          <span className={classes.summary}>{format.summary}</span>
          {format.lacking !== '' && <span className={classes.lacking}>{format.lacking}</span>}
          {format.lacking === '' && format.gaps.length > 0 && (
            <span className={classes.cannot}>
              <IconAlertTriangle size={14} aria-hidden />
              Cannot express {plural(format.gaps.length, 'thing')}
            </span>
          )}
        </label>
      ))}
    </fieldset>
  );
}
