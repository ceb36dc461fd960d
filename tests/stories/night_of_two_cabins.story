# Two cabins alarm in one night; one reply takes one case, the other still rings, and a voice follows
start 03:07
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 203房 on 2号箱 3号开关, 40 A
cabin 白桦客栈, owner Marzhan, second Dauren
  room 大堂 on 1号箱 2号开关, 32 A
203房 current     every 10s: 34 x 120
203房 temperature every 10s: 82 x 120
大堂 current every 10s: 10 x 120
大堂 leakage every 10s: 30 x 6, 400 x 114
at 1s Marzhan phone off
at 2m Bolat replies "1"
expect at 30s      case opened, heat, alarm, 松林客栈
expect at 1m20s    case opened, leakage, alarm, 白桦客栈
expect at 2m       case taken, Bolat, 白桦客栈
expect by 2m5s     answer to Bolat, "1单未接"
expect none        case taken, 松林客栈
expect by 5m       notice voice to Chen, "松林客栈"
