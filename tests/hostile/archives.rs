//! Archives that lie, swell, overlap, nest, end early, or name members as an attacker would.

use super::bombs::Hostile;
use super::{RECORD, gzip, log, tar, zip};
use flate2::{Compress, Compression, FlushCompress};

const MIB: usize = 1024 * 1024;

/// A member of a zip as [`raw_zip`] writes it: every field can be a lie.
#[derive(Clone)]
pub struct Raw {
    name: Vec<u8>,
    method: u16,
    flags: u16,
    crc: u32,
    packed: Vec<u8>,
    size: u32,
    declared: Option<u32>,
    /// Offset of the local header, where it is not the member's own.
    at: Option<u32>,
    attributes: u32,
}

impl Raw {
    fn stored(name: &str, content: &[u8]) -> Self {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        Self {
            name: name.into(),
            method: 0,
            flags: 0,
            crc: crc.sum(),
            packed: content.to_vec(),
            size: content.len() as u32,
            declared: None,
            at: None,
            attributes: 0,
        }
    }
}

/// A zip of `members`, byte for byte as they say.
fn raw_zip(members: &[Raw]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        let at = member.at.unwrap_or(out.len() as u32);
        let fields = |out: &mut Vec<u8>| {
            out.extend(20u16.to_le_bytes());
            out.extend(member.flags.to_le_bytes());
            out.extend(member.method.to_le_bytes());
            out.extend([0; 4]);
            out.extend(member.crc.to_le_bytes());
            out.extend((member.packed.len() as u32).to_le_bytes());
            out.extend(member.declared.unwrap_or(member.size).to_le_bytes());
            out.extend((member.name.len() as u16).to_le_bytes());
            out.extend(0u16.to_le_bytes());
        };
        if member.at.is_none() {
            out.extend(b"PK\x03\x04");
            fields(&mut out);
            out.extend(&member.name);
            out.extend(&member.packed);
        }
        directory.extend(b"PK\x01\x02\x14\x03");
        fields(&mut directory);
        directory.extend([0; 6]);
        directory.extend(member.attributes.to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(&member.name);
    }
    let (start, count) = (out.len() as u32, members.len().min(0xFFFF) as u16);
    let size = directory.len() as u32;
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(size.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend(0u16.to_le_bytes());
    out
}

/// `mebibytes` of zeros, deflated: one block, again and again.
pub fn deflated_zeros(mebibytes: usize) -> Vec<u8> {
    let block = vec![0; MIB];
    let mut packer = Compress::new(Compression::best(), false);
    let mut packed = Vec::with_capacity(64 * 1024);
    packer.compress_vec(&block, &mut packed, FlushCompress::Full).expect("deflates");
    let mut out = packed.repeat(mebibytes);
    // An empty last block.
    out.extend([0x03, 0x00]);
    out
}

fn gzip_of_zeros(mebibytes: usize) -> Vec<u8> {
    let mut out = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3];
    out.extend(deflated_zeros(mebibytes));
    out.extend([0; 8]);
    out
}

fn deflated(name: &str, mebibytes: usize) -> Raw {
    Raw {
        method: 8,
        packed: deflated_zeros(mebibytes),
        size: (mebibytes * MIB) as u32,
        ..Raw::stored(name, b"")
    }
}

/// Members that share one kernel of deflated zeros: each local header quotes the next ones (Fifield's second construction).
fn overlapping(members: usize) -> Vec<u8> {
    let kernel = deflated("kernel.log", 10);
    let mut out = Vec::new();
    let mut at = Vec::new();
    let header = |name: &[u8], packed: usize| {
        let mut local = b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0".to_vec();
        local.extend(0u32.to_le_bytes());
        local.extend((packed as u32).to_le_bytes());
        local.extend((10 * MIB as u32).to_le_bytes());
        local.extend((name.len() as u16).to_le_bytes());
        local.extend(0u16.to_le_bytes());
        local.extend(name);
        local
    };
    let names: Vec<Vec<u8>> = (0..members).map(|n| format!("eg_log_S{n:04}_rx-process.log").into_bytes()).collect();
    let length = header(&names[0], 0).len();
    for (n, name) in names.iter().enumerate() {
        at.push(out.len() as u32);
        let rest = (members - n - 1) * (length + 5) + kernel.packed.len();
        out.extend(header(name, rest));
        if n + 1 < members {
            // A stored block that quotes the next member's header.
            out.push(0);
            out.extend((length as u16).to_le_bytes());
            out.extend((!(length as u16)).to_le_bytes());
        }
    }
    out.extend(&kernel.packed);
    let directory: Vec<Raw> = names
        .iter()
        .enumerate()
        .map(|(n, name)| Raw {
            name: name.clone(),
            at: Some(at[n]),
            packed: vec![0; (members - n - 1) * (length + 5) + kernel.packed.len()],
            ..kernel.clone()
        })
        .collect();
    let start = out.len() as u32;
    let central = raw_zip(&directory);
    out.extend(&central);
    // The directory's offset is counted from the beginning.
    let end = out.len() - 6;
    out[end..end + 4].copy_from_slice(&start.to_le_bytes());
    out
}

fn nested(depth: usize, pack: fn(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    (0..depth).fold(log(1), |inner, _| pack(inner))
}

fn tar_header(name: &str, kind: u8, size: &[u8; 12]) -> Vec<u8> {
    let mut header = vec![0u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..108].copy_from_slice(b"0000644\0");
    header[124..136].copy_from_slice(size);
    header[156] = kind;
    header[157..168].copy_from_slice(b"/etc/passwd");
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

fn one_name(name: &'static str) -> Vec<u8> {
    raw_zip(&[Raw::stored(name, RECORD.as_bytes())])
}

/// All of them. What must be told about each stands beside it.
pub const HOSTILE: &[Hostile] = &[
    // T1: names are data.
    Hostile::read("zip-slip.zip", || one_name("../../../../tmp/eg_log_X_rx-process.log")),
    Hostile::read("absolute.zip", || one_name("/etc/cron.d/eg_log_X_rx-process.log")),
    Hostile::read("drive.zip", || one_name("C:\\Windows\\eg_log_X_rx-process.log")),
    Hostile::read("unc.zip", || one_name("\\\\server\\share\\eg_log_X_rx-process.log")),
    Hostile::read("back-slashes.zip", || one_name("..\\..\\eg_log_X_rx-process.log")),
    Hostile::read("reserved.zip", || one_name("CON")),
    Hostile::read("stream.zip", || one_name("eg_log_X_rx-process.log:ads")),
    Hostile::read("right-to-left.zip", || one_name("eg_log_\u{202e}gol.X_rx-process.log")),
    Hostile::read("escape.zip", || one_name("eg_\u{1b}]52;c;Y2FsYw==\u{7}\u{1b}[2Jlog.log")),
    Hostile::read("line-break.zip", || one_name("eg_log\n--> forged.log:1\n.log")),
    Hostile::read("zero-in-name.zip", || one_name("eg_log_X\0.exe")),
    Hostile::read("no-name.zip", || one_name("")),
    Hostile::read("long-name.zip", || {
        raw_zip(&[Raw {
            name: vec![b'n'; 65_000],
            ..Raw::stored("", RECORD.as_bytes())
        }])
    }),
    Hostile::read("name-is-no-utf8.zip", || {
        raw_zip(&[Raw {
            name: vec![0xFF, 0xFE, 0x80],
            ..Raw::stored("", RECORD.as_bytes())
        }])
    }),
    Hostile::read("case-collision.zip", || {
        zip(&[("A.log", RECORD.as_bytes()), ("a.log", RECORD.replace("999", "998").as_bytes())])
    }),
    Hostile::read("traversal.tar", || tar(&[("../../../tmp/eg_log_X_rx-process.log", RECORD.as_bytes())])),
    Hostile::read("link.zip", || {
        raw_zip(&[Raw {
            attributes: 0o120_777 << 16,
            ..Raw::stored("eg_log_link.log", b"/etc/passwd")
        }])
    }),
    // T2: bombs.
    Hostile::limited("gigabyte.gz", || gzip_of_zeros(1024)),
    Hostile::limited("gigabyte.zip", || raw_zip(&[deflated("a.bin", 1024)])),
    Hostile::limited("sixteen-gigabytes.gz", || gzip_of_zeros(16 * 1024)),
    Hostile::told("log-of-zeros.gz", &["half-written"], || {
        gzip(&[RECORD.as_bytes(), &vec![0; 300 * MIB]].concat())
    }),
    Hostile::limited("sixteen-in-sixteen.zip", || {
        let kernel = raw_zip(&[deflated("eg_log_A_rx-process.log", 100)]);
        let many = |inner: &[u8]| raw_zip(&(0..16).map(|n| Raw::stored(&format!("{n}.zip"), inner)).collect::<Vec<_>>());
        many(&many(&kernel))
    }),
    Hostile::told("overlapping.zip", &["limit", "overlap", "can't be read"], || overlapping(250)),
    Hostile::read("one-member-named-often.zip", || {
        let member = deflated("eg_log_A_rx-process.log", 10);
        let again = (1..2_000).map(|_| Raw {
            at: Some(0),
            ..member.clone()
        });
        raw_zip(&std::iter::once(member.clone()).chain(again).collect::<Vec<_>>())
    }),
    Hostile::limited("gzip-in-gzip.gz", || nested(10, |inner| gzip(&inner))),
    Hostile::limited("zip-in-zip.zip", || nested(100, |inner| zip(&[("x.zip", &inner)]))),
    Hostile::limited("tar-in-tar.tar", || nested(20, |inner| tar(&[("x.tar", &inner)]))),
    Hostile::read("many-members.zip", || {
        raw_zip(&(0..60_000).map(|n| Raw::stored(&n.to_string(), b"")).collect::<Vec<_>>()).repeat(1)
    }),
    Hostile::limited("many-members.tar", || {
        let member = tar_header("a", b'0', b"00000000000\0");
        [member.repeat(250_000), vec![0; 1024]].concat()
    }),
    // T3 and T4: lies and damage.
    Hostile::told("duplicates.zip", &[], || {
        raw_zip(&[
            Raw::stored("x.log", RECORD.as_bytes()),
            Raw::stored("x.log", RECORD.replace("999", "998").as_bytes()),
        ])
    }),
    Hostile::partial("wrong-checksum.zip", || {
        raw_zip(&[Raw {
            crc: 7,
            ..Raw::stored("eg_log_X_rx-process.log", RECORD.as_bytes())
        }])
    }),
    Hostile::told("size-too-small.zip", &[], || {
        raw_zip(&[Raw {
            declared: Some(3),
            ..Raw::stored("eg_log_X_rx-process.log", RECORD.as_bytes())
        }])
    }),
    Hostile::told("size-too-large.zip", &[], || {
        raw_zip(&[Raw {
            declared: Some(u32::MAX - 1),
            ..Raw::stored("eg_log_X_rx-process.log", RECORD.as_bytes())
        }])
    }),
    Hostile::partial("encrypted.zip", || {
        raw_zip(&[Raw {
            flags: 1,
            ..Raw::stored("eg_log_X_rx-process.log", RECORD.as_bytes())
        }])
    }),
    Hostile::partial("unknown-method.zip", || {
        raw_zip(&[Raw {
            method: 99,
            ..Raw::stored("eg_log_X_rx-process.log", RECORD.as_bytes())
        }])
    }),
    Hostile::partial("no-directory.zip", || {
        let whole = zip(&[("eg_log_X_rx-process.log", &log(400))]);
        whole[..whole.len() / 2].to_vec()
    }),
    Hostile::partial("directory-elsewhere.zip", || {
        let mut whole = one_name("eg_log_X_rx-process.log");
        let end = whole.len() - 6;
        whole[end..end + 4].copy_from_slice(&0xFFFF_FF00u32.to_le_bytes());
        whole
    }),
    Hostile::read("text-before.zip", || {
        [b"MZ this program cannot be run\n".to_vec(), one_name("x.log")].concat()
    }),
    Hostile::partial("only-an-end.zip", || {
        b"PK\x05\x06\0\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0".to_vec()
    }),
    Hostile::partial("cut.gz", || {
        let whole = gzip(&log(4_000));
        whole[..whole.len() / 2].to_vec()
    }),
    Hostile::read("ten-thousand-in-a-row.gz", || gzip(RECORD.as_bytes()).repeat(10_000)),
    Hostile::partial("rubbish-after.gz", || [gzip(&log(3)), b"rubbish".to_vec()].concat()),
    Hostile::told("endless-name.gz", &[], || {
        [b"\x1F\x8B\x08\x08\0\0\0\0\0\x03".to_vec(), vec![b'n'; 50 * MIB]].concat()
    }),
    Hostile::partial("huge-size.tar", || {
        let header = tar_header("eg_log_X_rx-process.log", b'0', b"\x80\0\0\0\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
        [header, RECORD.as_bytes().to_vec()].concat()
    }),
    Hostile::partial("negative-size.tar", || {
        tar_header("eg_log_X_rx-process.log", b'0', b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF")
    }),
    Hostile::partial("wrong-checksum.tar", || {
        let mut whole = tar(&[("eg_log_X_rx-process.log", RECORD.as_bytes())]);
        whole[0] = b'E';
        whole
    }),
    Hostile::told("links.tar", &[], || {
        let links = [b'1', b'2', b'3', b'4', b'6', b'7', b'V', b'S'];
        let headers = links.iter().flat_map(|kind| tar_header("eg_log_link.log", *kind, b"00000000000\0"));
        headers.chain(tar(&[("eg_log_X_rx-process.log", RECORD.as_bytes())])).collect()
    }),
    Hostile::told("endless-long-name.tar", &[], || {
        [tar_header("././@LongLink", b'L', b"77777777777\0"), vec![b'n'; 50 * MIB]].concat()
    }),
    Hostile::told("extended-header.tar", &[], || {
        let mut header = tar_header("x", b'x', b"00000000020\0");
        header.extend(b"99999999 path=a\n");
        header.resize(1024, 0);
        [header, tar(&[("eg_log_X_rx-process.log", RECORD.as_bytes())])].concat()
    }),
];
