import { Button, TextInput } from '@mantine/core';
import { modals } from '@mantine/modals';
import { IconPhotoPlus, IconPlus } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useCallback, useMemo, useState, type SubmitEvent } from 'react';
import { http, type Dataset } from '@/api';
import { TESTIDS, plural, roleAllows, useCommands, useProject } from '@/lib';
import { BinLink } from '@/features/bin';
import { EmptyState, PageHeader, ProblemNotice } from '@/ui';
import { datasetsQuery } from './api';
import { DatasetCard } from './DatasetCard';
import classes from './DatasetsPage.module.css';

export function DatasetsPage() {
  const project = useProject();
  const { data: datasets, error, refetch } = useQuery({
    ...datasetsQuery(project?.id ?? ''),
    enabled: project !== null,
  });
  const canEdit = project !== null && roleAllows(project.role, 'editor');
  const openForm = useNewDataset(project?.id ?? null);
  useCommands(
    'datasets',
    useMemo(
      () => (canEdit ? [{ id: 'new-dataset', label: 'New dataset', group: 'Data', perform: openForm }] : []),
      [canEdit, openForm],
    ),
  );
  const newButton = canEdit && (
    <Button leftSection={<IconPlus size={16} />} onClick={openForm} data-testid={TESTIDS.data.create}>
      New dataset
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Data"
        meta={datasets ? plural(datasets.length, 'dataset') : undefined}
        actions={
          canEdit && (
            <>
              <BinLink />
              {newButton}
            </>
          )
        }
      />
      {error && <ProblemNotice error={error} onRetry={() => void refetch()} isPlaced />}
      {datasets?.length === 0 && (
        <EmptyState
          icon={<IconPhotoPlus size={26} stroke={1.5} />}
          title="No data yet"
          action={newButton}
        >
          A dataset holds images and what people and models said about them.{' '}
          {canEdit
            ? 'Make one, then bring in a zip of class folders, files, a folder of the server, or a CSV.'
            : 'An editor or owner of the project makes one.'}
        </EmptyState>
      )}
      <div className={classes.grid}>
        {datasets?.map((dataset) => (
          <DatasetCard key={dataset.id} dataset={dataset} canEdit={canEdit} />
        ))}
      </div>
    </>
  );
}

function useNewDataset(projectId: string | null) {
  return useCallback(() => {
    if (projectId === null) return;
    modals.open({
      modalId: 'new-dataset',
      title: 'New dataset',
      children: <NewDatasetForm projectId={projectId} />,
    });
  }, [projectId]);
}

function NewDatasetForm({ projectId }: { projectId: string }) {
  const [name, setName] = useState('');
  const client = useQueryClient();
  const navigate = useNavigate();
  const create = useMutation({
    mutationFn: () => http.post<Dataset>(`/api/projects/${projectId}/datasets`, { name }),
    onSuccess: async (dataset) => {
      modals.close('new-dataset');
      await client.invalidateQueries({ queryKey: datasetsQuery(projectId).queryKey });
      await navigate({ to: '/data/$datasetId', params: { datasetId: dataset.id } });
    },
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <form className={classes.form} onSubmit={submit}>
      <TextInput
        label="Name"
        placeholder="Surface defects, line 3"
        required
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-testid={TESTIDS.data.createName}
      />
      <Button type="submit" loading={create.isPending} data-testid={TESTIDS.data.createSubmit}>
        Create
      </Button>
    </form>
  );
}
