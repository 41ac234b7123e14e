import { Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { http, type Device } from '@/api';
import { formatBytes } from '@/lib';
import { Panel, ProblemNotice } from '@/ui';

/** What this installation computes on, and why something is not used. */
export function DevicesPanel() {
  const { data, error } = useQuery({
    queryKey: ['devices'],
    queryFn: () => http.get<Device[] | { items: Device[] }>('/api/devices'),
    staleTime: 60_000,
  });
  const devices = Array.isArray(data) ? data : (data?.items ?? []);
  return (
    <Panel title="Devices of this installation" isFlush>
      {error && <ProblemNotice error={error} />}
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Device</Table.Th>
            <Table.Th>Name</Table.Th>
            <Table.Th>Memory</Table.Th>
            <Table.Th>State</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {devices.map((device) => (
            <Table.Tr key={device.id}>
              <Table.Td className="mono">{device.id}</Table.Td>
              <Table.Td>{device.name}</Table.Td>
              <Table.Td>{device.memory_bytes === null ? '' : formatBytes(device.memory_bytes)}</Table.Td>
              <Table.Td>{device.is_available ? 'ready to train on' : device.reason}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}
