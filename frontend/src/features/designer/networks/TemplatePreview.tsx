import { IconInfoCircle } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { formatCount } from '@/lib';
import { flopsText, perSample } from '../analysis/costs';
import type { TemplateInfo } from '../state/contract';
import { DESIGNER_IDS } from '../testids';
import { EMPTY } from './emptyTemplate';
import { DocumentDrawing } from './Miniature';
import { previewQuery } from './queries';
import classes from './Templates.module.css';

interface TemplatePreviewProps {
  template: TemplateInfo;
  datasetId: string | null;
}

/** What the chosen template would be for the chosen data: its drawing, its size, its task. */
export function TemplatePreview({ template, datasetId }: TemplatePreviewProps) {
  const isEmpty = template.id === EMPTY.id;
  const { data } = useQuery({
    ...previewQuery(template.id, datasetId),
    enabled: !isEmpty,
    placeholderData: keepPreviousData,
  });
  const shown = isEmpty ? undefined : data;
  return (
    <section className={classes.preview} data-testid={DESIGNER_IDS.newTemplatePreview}>
      <div className={classes.drawing}>
        {isEmpty ? (
          <span className={classes.none}>An empty canvas</span>
        ) : (
          <DocumentDrawing document={shown?.document} />
        )}
      </div>
      <h3 className={classes.chosenTitle}>{template.title}</h3>
      <p className={classes.text}>{template.summary}</p>
      {shown !== undefined && (
        <dl className={classes.facts}>
          <dt>takes</dt>
          <dd>{shown.input_text}</dd>
          <dt>gives</dt>
          <dd>{shown.output_text}</dd>
          <dt>parameters</dt>
          <dd>{formatCount(shown.totals.parameters)}</dd>
          <dt>compute {perSample(shown.totals)}</dt>
          <dd>{flopsText(shown.totals.flops)}</dd>
        </dl>
      )}
      {template.note !== '' && (
        <p className={classes.note} role="note">
          <IconInfoCircle size={16} />
          <span>{template.note}</span>
        </p>
      )}
    </section>
  );
}
