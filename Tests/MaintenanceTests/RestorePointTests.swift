import Maintenance
import Testing
import ZKWire

struct RestorePointTests {
    @Test("A point is a zxid, in hexadecimal or decimal, or a time")
    func parsing() {
        #expect(RestorePoint("0x2a") == .zxid(Zxid(rawValue: 42)))
        #expect(RestorePoint("0x1000000ff") == .zxid(Zxid(rawValue: 0x1_0000_00FF)))
        #expect(RestorePoint("42") == .zxid(Zxid(rawValue: 42)))
        #expect(RestorePoint("1795399200000") == .time(1_795_399_200_000))
        #expect(RestorePoint("2026-11-23T02:00:00Z") == .time(1_795_399_200_000))
        #expect(RestorePoint("2026-11-23T03:00:00+01:00") == .time(1_795_399_200_000))
        #expect(RestorePoint("2026-11-22 21:00-0500") == .time(1_795_399_200_000))
        #expect(RestorePoint("2026-11-23T02:00:00.5") == .time(1_795_399_200_500))
        #expect(RestorePoint("1970-01-01") == .time(0))
        #expect(RestorePoint("2000-02-29T23:59:59.999Z") == .time(951_868_799_999))
    }

    @Test(
        "What is neither is refused",
        arguments: [
            "", "-1", "0x", "zx", "2026-13-01", "2026-02-29", "2026-11-23T24:00", "2026-11-23T",
            "2026-11-23T02:00:00ZZ", "2026-11-23T02:00:00+1", "02:00",
        ])
    func refusing(_ text: String) {
        #expect(RestorePoint(text) == nil)
    }

    @Test("A time is written as it is read")
    func formatting() {
        for time in [0, 1, 951_868_799_999, 1_795_399_200_123, -1, 4_102_444_800_000] as [Int64] {
            #expect(TimeText.parse(TimeText.format(time)) == time)
        }
        #expect(TimeText.format(1_795_399_200_123) == "2026-11-23T02:00:00.123Z")
    }
}
