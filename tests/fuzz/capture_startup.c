/*
 * The first packet of a connection and its parameters.
 */
#include "capture/startup_packet.h"

#include "tests/fuzz/fuzz.h"
#include "wire/decode.h"
#include "wire/frame.h"

static void check(const struct startup_packet *packet)
{
	fuzz_check(packet->setting_count <= STARTUP_SETTINGS_MAX);
	fuzz_check(packet->extension_count <= STARTUP_SETTINGS_MAX);
	fuzz_check(!packet->user || !packet->database || packet->database[0] || !packet->user[0]);
	for (size_t i = 0; i < packet->setting_count; i++)
		fuzz_check(packet->settings[i].name && packet->settings[i].value);
	for (size_t i = 0; i < packet->extension_count; i++)
		fuzz_check(packet->extensions[i]);
	(void)startup_packet_is_replication(packet);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct startup_packet packet = {0};
	struct msg_startup msg;
	struct frame f;
	struct err err;

	if (frame_startup(bytes_of(data, size), &f, &err) != FRAME_OK ||
		!decode_startup(f.body, &msg) || msg.code != WIRE_PROTOCOL_3_0)
		return 0;
	if (startup_packet_read(&packet, msg.parameters))
		check(&packet);
	startup_packet_fini(&packet);
	return 0;
}
