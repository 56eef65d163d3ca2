export * from './packets/packet';
