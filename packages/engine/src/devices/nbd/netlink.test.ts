import { deviceSystemCalls } from '../system-calls';
import { checkAcknowledged, decodeFamilyId, encodeGetFamily, encodeSetSize, setNbdSize } from './netlink';

test('the question for a family, as the kernel answers it', () => {
  // Every kernel has the family of families, number 16.
  expect(decodeFamilyId(deviceSystemCalls().netlinkExchange(encodeGetFamily('nlctrl')))).toBe(16);
  // ENOENT.
  expect(() => decodeFamilyId(deviceSystemCalls().netlinkExchange(encodeGetFamily('no such')))).toThrow('error 2');
});

test('a new size: message, sequence and attributes', () => {
  expect(encodeSetSize(0x1d, 3, 0x123456789a).toString('hex')).toBe(
    '28000000' + // length 40
      '1d00' + // family
      '0500' + // request, with acknowledgement
      '01000000' + // sequence
      '00000000' + // to the kernel
      '03010000' + // reconfigure, version 1
      '08000100' + // index
      '03000000' +
      '0c000200' + // size in bytes
      '9a78563412000000',
  );
});

test('the family is asked for, then the size is set; a refusal is an error', () => {
  const acknowledged = Buffer.alloc(20);
  acknowledged.writeUInt16LE(2, 4);
  const answers = [deviceSystemCalls().netlinkExchange(encodeGetFamily('nlctrl')), acknowledged];
  const sent: Buffer[] = [];
  setNbdSize((message) => (sent.push(message), answers.shift() ?? Buffer.alloc(0)), 1, 4096);
  expect(sent.map((message) => message.readUInt16LE(4))).toEqual([16, 16]);
  acknowledged.writeInt32LE(-22, 16);
  expect(() => checkAcknowledged(acknowledged)).toThrow('error 22');
});
