import Testing
import ZKWire

/// Payloads that no capture shows, errors, and the writing of whole batches.
struct QuorumMessageTests {
    private func packet(
        _ type: QuorumPacketType, _ zxid: Int64 = 0, data: ((ByteWriter) -> Void)?
    ) -> [UInt8] {
        encoded { writer in
            guard let data else { return writer.writePacket(type, Zxid(rawValue: zxid)) }
            encoded(data).withByteView {
                writer.writePacket(type, Zxid(rawValue: zxid), data: $0)
            }
        }
    }

    private func error(
        _ bytes: [UInt8], _ decode: (QuorumPacket) throws(DecodeError) -> Void
    ) throws -> String? {
        try withPacket(bytes) { packet in
            do throws(DecodeError) {
                try decode(packet)
                return nil
            } catch {
                return error.description
            }
        }
    }

    @Test("An error says which packet and where in it")
    func errors() throws {
        let unknown = encoded {
            $0.writeQuorumPacket(QuorumPacket(rawType: 77, zxid: .zero))
        }
        try #expect(
            error(unknown) { (packet) throws(DecodeError) in _ = try LeaderMessage(packet) }
                == "packet type 77 (unknown) is none that a leader sends at byte 0")
        try #expect(
            error(packet(.upToDate, data: nil)) { (packet) throws(DecodeError) in
                _ = try LearnerMessage(packet)
            } == "packet type 12 (upToDate) is none that a learner sends at byte 0")
        try #expect(
            error(packet(.proposal, data: nil)) { (packet) throws(DecodeError) in
                _ = try LeaderMessage(packet)
            } == "a packet of type 2 without data at byte 12")
        let short = packet(.commitAndActivate) { $0.writeInt32(1) }
        try #expect(
            error(short) { (packet) throws(DecodeError) in _ = try LeaderMessage(packet) }
                == "truncated at byte 16: 8 bytes needed, 4 left")
        let touches = packet(.ping) { $0.writeRaw([UInt8](repeating: 0, count: 13)) }
        try #expect(
            error(touches) { (packet) throws(DecodeError) in _ = try LearnerMessage(packet) }
                == "length 13 out of range at byte 16")
    }

    @Test("A learner of 3.4 does not say which membership it goes by")
    func oldLearnerInfo() throws {
        let bytes = packet(.followerInfo, 0x3_0000_0000) {
            $0.writeInt64(5)
            $0.writeInt32(0x10000)
        }
        try withPacket(bytes) { packet in
            guard case .followerInfo(let epoch, let info) = try LearnerMessage(packet) else {
                Issue.record("not FOLLOWERINFO")
                return
            }
            #expect(epoch == Epoch(rawValue: 3))
            #expect(
                info == LearnerInfo(server: ServerID(rawValue: 5), configuration: nil))
            #expect(encoded { $0.writeMessage(.followerInfo(acceptedEpoch: epoch, info)) } == bytes)
        }
    }

    @Test("More behind what is known of the payload is left alone")
    func longerPayloads() throws {
        let longer = packet(.leaderInfo, 1 << 32) {
            $0.writeInt32(0x10001)
            $0.writeInt64(-1)
        }
        try withPacket(longer) { packet in
            try #expect(describe(LeaderMessage(packet)) == "leaderInfo epoch 1 version 65537")
        }
    }

    @Test("A null list of identities and an empty one are kept apart")
    func nullIdentities() throws {
        for list in [nil, IdentityList(count: 0, elements: ByteView(start: nil, count: 0))] {
            let bytes = encoded {
                $0.writeForwardedRequest(
                    ForwardedRequest(
                        session: SessionID(rawValue: 1), cxid: 2, type: 9,
                        body: ByteView(start: nil, count: 0), authInfo: list))
            }
            try withPacket(bytes) { packet in
                #expect((packet.authInfo == nil) == (list == nil))
                let message = try LearnerMessage(packet)
                #expect(encoded { $0.writeMessage(message) } == bytes)
            }
        }
    }

    @Test("The answer to a ping lists the sessions that were heard of")
    func touches() throws {
        let all = (1...3).map {
            SessionTouch(session: SessionID(rawValue: $0 << 56), timeoutMilliseconds: 4000)
        }
        let bytes = encoded { $0.writePing(Zxid(rawValue: 7), touches: all) }
        try withPacket(bytes) { packet in
            guard case .ping(let zxid, let touches) = try LearnerMessage(packet) else {
                Issue.record("not PING")
                return
            }
            var found: [SessionTouch] = []
            touches.forEach { found.append($0) }
            #expect(found == all)
            #expect(touches.count == 3)
            #expect(zxid == Zxid(rawValue: 7))
        }
    }

    @Test("A batch is written as the packets of its entries one by one")
    func batches() {
        let batch = TxnBatch()
        for index in 1...5 {
            let payload = [UInt8](repeating: UInt8(index), count: index * 3 % 7)
            payload.withByteView {
                batch.append(zxid: Zxid(rawValue: Int64(index)), payload: $0)
            }
        }
        func single(_ body: (ByteWriter, TxnBatch.Entry) -> Void) -> [UInt8] {
            encoded { writer in batch.entries.forEach { body(writer, $0) } }
        }
        #expect(
            encoded { $0.writeProposals(of: batch) }
                == single { $0.writeProposal($1.zxid, payload: batch.payload($1)) })
        #expect(
            encoded { $0.writeInforms(of: batch) }
                == single { writer, entry in
                    writer.writeMessage(
                        LeaderMessage.inform(entry.zxid, payload: batch.payload(entry)))
                })
        #expect(
            encoded { $0.writeCommits(of: batch.entries[...]) }
                == single { $0.writeMessage(LeaderMessage.commit($1.zxid)) })
        #expect(
            encoded { $0.writeAcks(of: batch.entries[1..<3]) }
                == encoded {
                    $0.writeAck(Zxid(rawValue: 2))
                    $0.writeAck(Zxid(rawValue: 3))
                })
    }
}
