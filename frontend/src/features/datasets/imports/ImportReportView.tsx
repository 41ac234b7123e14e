import { Button, Table } from '@mantine/core';
import { IconCircleCheck, IconInfoCircle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Problem, http, type ImportReport, type Job } from '@/api';
import { TESTIDS, formatCount, formatDuration, plural } from '@/lib';
import { ProblemNotice, downloadCsv } from '@/ui';
import classes from './ImportDialog.module.css';

interface JobReportProps {
  job: Job;
  datasetId: string;
  onClose: () => void;
  /** Back to choosing what to bring in. */
  onAgain: () => void;
}

/** How an import ended: the report, the refusal, or that it was cancelled. */
export function JobReport({ job, datasetId, onClose, onAgain }: JobReportProps) {
  const hasFailed = job.state === 'failed' || job.state === 'cancelled';
  const reportId = job.result?.['report_id'];
  const { data: report, error } = useQuery({
    queryKey: ['datasets', 'import', datasetId, reportId],
    queryFn: () => http.get<ImportReport>(`/api/imports/${String(reportId)}`),
    enabled: typeof reportId === 'string',
  });
  return (
    <div className={classes.form} data-testid={TESTIDS.data.importReport}>
      {job.state === 'cancelled' && <p className={classes.note}>Cancelled. Nothing was brought in.</p>}
      {job.problem && <ProblemNotice error={new Problem(422, job.problem)} />}
      {error && <ProblemNotice error={error} />}
      {report && <ImportReportView report={report} />}
      <div className={classes.foot}>
        {hasFailed && (
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
        )}
        <Button onClick={hasFailed ? onAgain : onClose} data-testid={TESTIDS.data.importClose}>
          {hasFailed ? 'Try another file' : 'Look at the images'}
        </Button>
      </div>
    </div>
  );
}

/** What an import brought and what it left out, and why. */
export function ImportReportView({ report }: { report: ImportReport }) {
  const isEmpty = report.num_added === 0;
  const exportCsv = () =>
    downloadCsv('import problems.csv', [
      ['file', 'code', 'reason'],
      ...report.problems.map(({ file, code, reason }) => [file, code, reason]),
    ]);
  return (
    <div className={classes.form}>
      <div className={classes.outcome} data-empty={isEmpty || undefined}>
        {isEmpty ? <IconInfoCircle size={20} aria-hidden /> : <IconCircleCheck size={20} aria-hidden />}
        <b>{isEmpty ? emptyLine(report) : `${plural(report.num_added, 'image')} brought in`}</b>
        {report.seconds !== null && <span>in {formatDuration(report.seconds)}</span>}
      </div>
      <div className={classes.numbers}>
        <Figure label="Files read" value={report.num_files} />
        <Figure label="Added" value={report.num_added} />
        <Figure label="Duplicates" value={report.num_duplicates} />
        <Figure label="Conflicts" value={report.num_conflicts} />
        <Figure label="Skipped" value={report.num_skipped} />
      </div>
      {report.classes.length > 0 && (
        <ul className={classes.classes} aria-label={plural(report.classes.length, 'class', 'classes')}>
          {report.classes.map(({ name, count }) => (
            <li key={name}>
              {name} <span>{formatCount(count)}</span>
            </li>
          ))}
        </ul>
      )}
      {report.notes.map((note) => (
        <p key={note} className={classes.note}>
          {note}
        </p>
      ))}
      {report.total_problems > 0 && (
        <>
          <div className={classes.problemsHead}>
            <b>{plural(report.total_problems, 'file')} to look at</b>
            <Button size="xs" variant="subtle" color="gray" onClick={exportCsv}>
              CSV
            </Button>
          </div>
          <div className={classes.problems}>
            <Table stickyHeader>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>File</Table.Th>
                  <Table.Th>Reason</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {report.problems.map(({ file, code, reason }) => (
                  <Table.Tr key={`${file} ${code}`}>
                    <Table.Td className={`mono ${classes.file ?? ''}`}>{file}</Table.Td>
                    <Table.Td>{reason}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
          {report.total_problems > report.problems.length && (
            <p className={classes.note}>The first {formatCount(report.problems.length)} are listed.</p>
          )}
        </>
      )}
    </div>
  );
}

function emptyLine({ num_files, num_duplicates, num_conflicts }: ImportReport): string {
  const known = num_duplicates + num_conflicts;
  if (num_files > 0 && known >= num_files) return 'No image was added: all of them were here already';
  return 'No image was added';
}

function Figure({ label, value }: { label: string; value: number }) {
  return (
    <div className={classes.figure} data-zero={value === 0 || undefined}>
      <div>{formatCount(value)}</div>
      <span>{label}</span>
    </div>
  );
}
