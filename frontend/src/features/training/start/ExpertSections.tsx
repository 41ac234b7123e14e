import { Accordion } from '@mantine/core';
import type { Network, RunConfig } from '@/api';
import { TESTIDS } from '@/lib';
import { AugmentationPreview } from './AugmentationPreview';
import { ConfigInput } from './ConfigInput';
import { SECTIONS, changedLabels, isUsed } from './presentation';
import { valueAt, type ConfigField } from './schemaFields';
import classes from './StartRunDialog.module.css';

interface ExpertSectionsProps {
  fields: readonly ConfigField[];
  config: RunConfig;
  defaults: RunConfig;
  network: Network;
  datasetId: string | null;
  /** Numbers as they were typed, by path. */
  typed: Readonly<Record<string, string>>;
  onChange: (path: string, value: unknown) => void;
  onType: (path: string, text: string) => void;
}

/** Folded settings; a closed section says what in it differs from the defaults. */
export function ExpertSections(props: ExpertSectionsProps) {
  const { fields, config, defaults, network, datasetId, typed, onChange, onType } = props;
  return (
    <Accordion multiple variant="contained" chevronPosition="left" className={classes.expert} data-testid={TESTIDS.training.expert}>
      {grouped(fields).map(({ title, hint, members }) => {
        const changed = changedLabels(members.map(({ path }) => path), config, defaults);
        const used = members.filter(({ path }) => isUsed(path, config));
        return (
          <Accordion.Item key={title} value={title.replaceAll(' ', '-')}>
            <Accordion.Control>
              <span className={classes.section}>
                <b>{title}</b>
                <span>{changed.length === 0 ? hint : `changed: ${changed.join(', ').toLowerCase()}`}</span>
              </span>
            </Accordion.Control>
            <Accordion.Panel>
              <div className={classes.grid}>
                {used.map((field) => (
                  <ConfigInput
                    key={field.path}
                    field={field}
                    value={valueAt(config, field.path)}
                    typed={typed[field.path]}
                    onChange={(value) => onChange(field.path, value)}
                    onType={(text) => onType(field.path, text)}
                  />
                ))}
              </div>
              {title === 'Augmentation' && datasetId !== null && (
                <AugmentationPreview config={config} network={network} datasetId={datasetId} />
              )}
            </Accordion.Panel>
          </Accordion.Item>
        );
      })}
    </Accordion>
  );
}

/** Sections with their fields; what belongs to none comes last, so that nothing is hidden. */
function grouped(fields: readonly ConfigField[]) {
  const belongs = (path: string, paths: readonly string[]) =>
    paths.some((each) => (each.endsWith('.') ? path.startsWith(each) : path === each));
  const known = SECTIONS.map(({ title, hint, paths }) => ({
    title,
    hint,
    members: fields.filter(({ path }) => belongs(path, paths)),
  }));
  const others = fields.filter(({ path }) => !SECTIONS.some(({ paths }) => belongs(path, paths)));
  return [...known, { title: 'More', hint: '', members: others }].filter(({ members }) => members.length > 0);
}
